// What a person who looks at a page would see at once: a text that is cut, a button that lies outside or under something.
// Runs in the page.

/** What is wrong with how the page lies, in words; empty when nothing is. */
export function flaws() {
  const found = [];
  const name = (element) => {
    const own = element.dataset.testid ?? element.getAttribute('aria-label') ?? element.textContent.trim().slice(0, 40);
    return `<${element.localName} ${element.closest('[data-testid]')?.dataset.testid ?? ''}> ${JSON.stringify(own)}`;
  };
  const shown = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true, opacityProperty: true, visibilityProperty: true }) && !element.closest('.visually-hidden, [inert]') && !clipped(element);
  // Kept for screen readers alone.
  const clipped = (element) => {
    for (let at = element; at; at = at.parentElement) if (getComputedStyle(at).clipPath === 'inset(50%)') return true;
    return false;
  };
  const scrolls = (element) => {
    for (let at = element.parentElement; at; at = at.parentElement) {
      const { overflowY, overflowX } = getComputedStyle(at);
      if ((/auto|scroll/.test(overflowY) && at.scrollHeight > at.clientHeight) || (/auto|scroll/.test(overflowX) && at.scrollWidth > at.clientWidth)) return true;
    }
    return false;
  };

  if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth - innerWidth} px wider than the window`);

  const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  for (const element of top.querySelectorAll('*')) {
    if (!shown(element) || element.closest('.xterm') || element.localName === 'canvas') continue;
    const style = getComputedStyle(element);
    const words = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== '');
    // A text that does not fit says the whole of it otherwise.
    if (/hidden|clip/.test(style.overflowX) && element.textContent.trim() !== '' && element.scrollWidth > element.clientWidth + 1 && style.textOverflow !== 'ellipsis') found.push(`cut at its side: ${name(element)}`);
    if (style.textOverflow === 'ellipsis' && element.scrollWidth > element.clientWidth + 1 && !element.closest('[title]') && !element.closest('[aria-label]')) found.push(`cut, and said nowhere: ${name(element)}`);
    if (/hidden|clip/.test(style.overflowY) && words && element.scrollHeight > element.clientHeight + 2 && style.webkitLineClamp === 'none') found.push(`cut at its end: ${name(element)}`);
    // Side-scrolling panels: tables may, panels may not.
    if (/auto|scroll/.test(style.overflowX) && element.scrollWidth > element.clientWidth + 1 && !element.querySelector(':scope > table') && element.getAttribute('role') !== 'tablist') found.push(`scrolls sideways: ${name(element)}`);

    if (!element.matches('a[href], button, input:not([type=hidden]), select, textarea, [role=tab], [role^=menuitem], summary')) continue;
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0 || style.opacity === '0') continue;
    if (element.localName === 'button' && element.textContent.trim() !== '' && element.scrollWidth > element.clientWidth + 1) found.push(`its words are wider than it: ${name(element)}`);
    const inline = style.display === 'inline';
    const label = element.closest('label');
    if (!inline && !label && !element.disabled && (box.width < 24 || box.height < 24) && element.type !== 'checkbox' && element.type !== 'radio') found.push(`too small to hit, ${Math.round(box.width)} × ${Math.round(box.height)}: ${name(element)}`);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) {
      if (!scrolls(element)) found.push(`out of reach: ${name(element)}`);
      continue;
    }
    if (scrolls(element)) element.scrollIntoView({ block: 'nearest' });
    const after = element.getBoundingClientRect();
    const hit = document.elementFromPoint(after.x + after.width / 2, after.y + after.height / 2);
    if (hit && !element.contains(hit) && !hit.contains(element) && !label?.contains(hit) && !hit.closest('.toasts, .menu')) found.push(`under something (${name(hit)}): ${name(element)}`);
  }
  return [...new Set(found)];
}
