() => {
  // Once, for the whole page: names for its regions, and what Gradio's own parts leave out for a screen reader.
  const name = (selector, label) => {
    const region = document.querySelector(selector);
    region?.setAttribute('role', 'region');
    region?.setAttribute('aria-label', label);
    return region;
  };
  const label = () => {
    const filters = document.querySelector('#filters > button');
    const content = document.querySelector('#filters > [data-testid=accordion-content]');
    if (!filters || !content) { // Gradio is still building the page
      setTimeout(label, 100);
      return;
    }
    name('#conversation', 'Conversation');
    name('#composer', 'Question');
    const tell = () => filters.setAttribute('aria-expanded', String(content.style.display !== 'none'));
    new MutationObserver(tell).observe(content, { attributes: true, attributeFilter: ['style'] });
    tell();
  };
  label();
}
