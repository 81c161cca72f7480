import type { BoxNetwork } from '../description.ts';

/**
 * How crawls are kept from what is not public. `rules`: nftables of the machine, by user. `proxy`: a network with nothing
 * but a proxy in it. `open`: not at all.
 */
export type NetworkMode = 'rules' | 'proxy' | 'open';

/** What can be asked for: a mode, or the best that works here. */
export type NetworkSetting = NetworkMode | 'auto';

/** What a box is given of the network. */
export interface NetworkOfBox {
  network: BoxNetwork;
  /** Variables that lead its programs to the proxy, when there is one. */
  environment?: Record<string, string>;
  /** Group that rules know crawls by. */
  gid?: number;
}
