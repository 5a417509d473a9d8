// The conversation's tools (`element`): its Markdown is copied or saved in the browser, so that the server writes no file.
const markdown = () => element.querySelector('textarea').value;

const say = (text) => {
  const status = element.querySelector('[role=status]');
  status.textContent = text;
  setTimeout(() => { status.textContent = ''; }, 2500);
};

const copy = async () => {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(markdown());
  } else { // plain HTTP from another machine has no clipboard interface
    const area = element.querySelector('textarea');
    area.hidden = false;
    area.select();
    document.execCommand('copy');
    area.hidden = true;
  }
  say('Copied');
};

const save = () => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([markdown()], { type: 'text/markdown' }));
  link.download = `roadmap-tutor-${new Date().toISOString().slice(0, 10)}.md`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  say('Saved');
};

element.addEventListener('click', (event) => {
  const tool = event.target.closest('button')?.dataset.tool;
  if (tool === 'copy') copy();
  if (tool === 'export') save();
  if (tool === 'new') {
    trigger('clear', {});
    document.querySelector('#question textarea')?.focus(); // this button goes away
  }
});
