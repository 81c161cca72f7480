import { resolve } from 'node:path';

/** The top of the checkout, where `migrations`, `python` and `examples` lie: from `src` as from `dist`. */
export const CHECKOUT = resolve(__dirname, '../../..');
