import { useSyncExternalStore } from 'react';

/** What a person chose for this browser. */
export interface Preferences {
  theme: 'system' | 'light' | 'dark';
  rows: 'compact' | 'normal' | 'comfortable';
  zone: 'mine' | 'utc';
  /** Single keys act; some assistive programs need them for themselves. */
  keys: boolean;
}

const STORED = 'spiderhub.preferences';
const DEFAULTS: Preferences = { theme: 'system', rows: 'normal', zone: 'mine', keys: true };
const listeners = new Set<() => void>();
let current = read();

function read(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(STORED) ?? '{}') as Partial<Preferences>) };
  } catch {
    return DEFAULTS;
  }
}

/** As chosen now, outside of components. */
export const preferences = (): Preferences => current;

export function setPreference<K extends keyof Preferences>(name: K, value: Preferences[K]): void {
  current = { ...current, [name]: value };
  try {
    localStorage.setItem(STORED, JSON.stringify(current));
  } catch {
    // A browser that keeps nothing: it holds until the page is closed.
  }
  applyTheme();
  for (const tell of listeners) tell();
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => current,
  );
}

/** Tells the style sheets. */
export function applyTheme(): void {
  document.documentElement.dataset.theme = current.theme;
  document.documentElement.dataset.rows = current.rows;
}
