import { useEffect, useRef } from 'react';
import { preferences } from './preferences.ts';

/** What a key does: how it is written, what the help says. */
export interface KeyAction {
  /** One key as the browser calls it, or two after each other: `g j`. `mod+k`: with Ctrl or Command. */
  keys: string;
  what: string;
  run: (event: KeyboardEvent) => void;
  /** Also while something is typed. */
  always?: boolean;
}

const SEQUENCE_MS = 1200;
const stack: (readonly KeyAction[])[] = [];
let before: { key: string; at: number } | null = null;

/** All keys that act now, for the help. */
export const activeKeys = (): readonly KeyAction[] => stack.flat();

function isTyping({ target }: KeyboardEvent): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && ['checkbox', 'radio'].includes(target.type))
  );
}

/** How an event is written in `KeyAction.keys`. */
export function nameOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): string | null {
  if (event.altKey) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return event.ctrlKey || event.metaKey ? `mod+${key}` : event.key.length === 1 ? event.key : key;
}

function onKey(event: KeyboardEvent): void {
  const name = nameOf(event);
  if (name === null || event.defaultPrevented) return;
  const typing = isTyping(event) || document.querySelector('[role="dialog"],[role="menu"]') !== null;
  const single = !name.startsWith('mod+');
  if (single && !preferences().keys) return;
  const sequence = before && Date.now() - before.at < SEQUENCE_MS ? `${before.key} ${name}` : null;
  before = single && !typing ? { key: name, at: Date.now() } : null;
  for (const wanted of [sequence, name]) {
    const found =
      wanted && stack.flat().findLast(({ keys, always }) => keys === wanted && (always || !typing));
    if (!found) continue;
    before = null;
    event.preventDefault();
    found.run(event);
    return;
  }
}

/** Keys that act while a component is there; the newest component's win. */
export function useKeys(actions: readonly KeyAction[]): void {
  const latest = useRef(actions);
  latest.current = actions;
  const shape = actions.map(({ keys }) => keys).join('|');
  useEffect(() => {
    const mine =
      shape === ''
        ? []
        : shape.split('|').map(
            (_keys, i): KeyAction => ({
              ...(latest.current[i] as KeyAction),
              run: (event) => latest.current[i]?.run(event),
            }),
          );
    if (stack.length === 0) window.addEventListener('keydown', onKey);
    stack.push(mine);
    return () => {
      stack.splice(stack.indexOf(mine), 1);
      if (stack.length === 0) window.removeEventListener('keydown', onKey);
    };
  }, [shape]);
}
