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

// A new question is brought to the top, and kept there while its answer grows, until the reader scrolls away.
let asked = '';
let following = false;
const stop = () => { following = false; };
for (const name of ['wheel', 'touchmove', 'pointerdown']) window.addEventListener(name, stop, { passive: true });

const follow = () => {
  window.dispatchEvent(new CustomEvent('tutor:changed'));
  const exchange = element.querySelector('.exchange');
  if (!element.closest('#current') || !exchange) return;
  const question = exchange.querySelector('.question')?.textContent;
  if (question !== asked) following = true;
  if (question !== asked && document.activeElement === document.body) { // the button that asked is gone
    exchange.querySelector('.question')?.focus({ preventScroll: true });
  }
  asked = question;
  if (following) exchange.scrollIntoView({ block: 'start' });
  if (exchange.dataset.state !== 'thinking') following = false;
};
watch('value', () => setTimeout(follow));
