/** What a process in a box may reach of the network. */
export type BoxNetwork =
  /** All that the machine reaches; rules for its user may still say no. `scoped`: abstract unix sockets of others are not. */
  | { kind: 'host'; scoped?: boolean }
  /** Loopback of its own, and nothing else. */
  | { kind: 'none' }
  /** The same, and on it a way to the proxy that answers at this socket. For programs beside crawls. */
  | { kind: 'relay'; socket: string }
  /** The network namespace that this process holds open. */
  | { kind: 'cell'; pid: number; startTick: number };

/**
 * A box as `python/launcher/box` builds it: plain JSON, in `launch.json` or given to `box_exec.py`. What is null or
 * absent is not done. All paths are absolute and the same inside as outside.
 */
export interface BoxDescription {
  /** `box`: namespaces and an own root. `uid`: only user, rights and limits. */
  level: 'box' | 'uid';
  /** User and group inside and outside; null: those of the service. */
  uid: number | null;
  gid: number | null;
  /** Namespaces are made in a user namespace, which needs no rights. */
  userns: boolean;
  /** Files and directories that are there, with all below them. */
  readonly: string[];
  /** Files and directories that may be written to; they get the box's user. */
  writable: string[];
  /** Files of `readonly` that nobody but the box's user may read: they become that user's. */
  owned: string[];
  /** Directory that is `/tmp` inside; one of `writable` or below it. */
  tmp: string | null;
  /** Small files of the box's own: path and text. */
  files: Record<string, string>;
  /** Size of `/dev/shm`, bytes. */
  shmBytes: number;
  /** Control groups to join, as directories. */
  cgroups: string[];
  /** Soft and hard limit by Python's name, `RLIMIT_NOFILE`. */
  rlimits: Record<string, number>;
  network: BoxNetwork;
  /** Variables that its programs have beside their own. */
  environment?: Record<string, string>;
  /** Which system calls are refused; null: none. */
  seccomp: 'default' | 'no-memory-cgroup' | null;
}
