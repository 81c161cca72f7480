import type { SettingsLayer } from '../../api/spiders.ts';

/** A setting that the next run of a spider gets. */
export interface Winner {
  name: string;
  /** JSON text; null for a secret. */
  value: string | null;
  layer: SettingsLayer['layer'];
  /** The one of the project that it stands before. */
  instead: { value: string | null } | null;
}

/** What is left of layers of settings of which a later one wins, in order of names. */
export function winnersOf(layers: readonly SettingsLayer[]): Winner[] {
  const winners = new Map<string, Winner>();
  for (const { layer, settings } of layers) {
    for (const { name, value } of settings) {
      const before = winners.get(name);
      winners.set(name, { name, value, layer, instead: before ? { value: before.value } : null });
    }
  }
  return [...winners.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
