// One part of the conversation (`element`). A button asks, or opens the reader; the server does the rest.
element.addEventListener('click', (event) => {
  const ask = event.target.closest('[data-ask]');
  if (ask) {
    trigger('submit', { question: ask.dataset.ask });
    return;
  }
  const cite = event.target.closest('[data-n]');
  if (!cite) return;
  window.tutorOrigin = cite; // where Escape returns to
  window.tutorOpening = true; // a person opens it: the reader takes the focus
  const { document: id, start, end, heading } = cite.dataset;
  const shown = document.querySelector(`#reader .reader[data-start="${start}"][data-end="${end}"]`);
  if (shown && shown.dataset.document === id) {
    window.dispatchEvent(new CustomEvent('tutor:open'));
  } else {
    trigger('select', { document: id, start: Number(start), end: Number(end), heading });
  }
});

// A new question comes into view; its answer then grows below it.
let asked = '';
const follow = () => {
  const question = element.querySelector('.question')?.textContent ?? '';
  if (question !== asked && element.closest('#current')) {
    const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    element.scrollIntoView({ block: 'start', behavior: calm ? 'auto' : 'smooth' });
  }
  asked = question;
  window.dispatchEvent(new CustomEvent('tutor:changed'));
};
watch('value', () => setTimeout(follow));
