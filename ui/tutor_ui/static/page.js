() => {
  // Once, for the whole page: names for its regions, and what Gradio's own parts leave out for a screen reader.
  const name = (selector, label) => {
    const region = document.querySelector(selector);
    region?.setAttribute('role', 'region');
    region?.setAttribute('aria-label', label);
    return region;
  };
  const label = () => {
    if (!name('#conversation', 'Conversation')) return setTimeout(label, 100);
    name('#composer', 'Question');
    const filters = document.querySelector('#filters > button');
    const content = document.querySelector('#filters > [data-testid=accordion-content]');
    const tell = () => filters.setAttribute('aria-expanded', String(content.style.display !== 'none'));
    if (filters && content) {
      new MutationObserver(tell).observe(content, { attributes: true, attributeFilter: ['style'] });
      tell();
    }
  };
  label();
}
