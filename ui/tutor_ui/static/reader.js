// The source reader (`element`). Shows the cited sentence; Escape goes back to the number that opened it.
const back = () => {
  const origin = window.tutorOrigin;
  const place = origin?.isConnected ? origin : document.querySelector('#question textarea');
  place?.focus();
  place?.scrollIntoView({ block: 'nearest' });
};

// The number whose sentence is open is marked in the conversation.
const mark = () => {
  const shown = element.querySelector('.reader')?.dataset ?? {};
  for (const cite of document.querySelectorAll('#exchanges [data-n]')) {
    const { document: id, start, end } = cite.dataset;
    if (id === shown.document && start === shown.start && end === shown.end) cite.setAttribute('aria-current', 'true');
    else cite.removeAttribute('aria-current');
  }
};
window.addEventListener('tutor:changed', mark);

const show = () => {
  mark();
  const panel = element.querySelector('.document');
  const cited = element.querySelector('#cited');
  if (panel) {
    const offset = cited ? cited.getBoundingClientRect().top - panel.getBoundingClientRect().top : 0;
    panel.scrollTop = cited ? panel.scrollTop + offset - panel.clientHeight / 3 : 0;
  }
  if (!window.tutorOpening) return; // opened by an answer, not by a person: the focus stays where it is
  window.tutorOpening = false;
  const target = cited ?? element.querySelector('button');
  target?.focus({ preventScroll: true });
  const narrow = window.matchMedia('(max-width: 899px)').matches;
  if (narrow) (cited ?? element).scrollIntoView({ block: cited ? 'center' : 'start' });
};

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.back) back();
  if (button.dataset.list) {
    window.tutorOpening = true;
    trigger('clear', {});
  }
  if (button.dataset.open) {
    window.tutorOpening = true;
    window.tutorOrigin = null;
    trigger('select', { document: button.dataset.open });
  }
});
element.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') back();
});
window.addEventListener('tutor:open', () => {
  window.tutorOpening = true;
  show();
});
watch('value', () => setTimeout(show));
