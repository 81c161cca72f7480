import { type Fact, openStream } from '../../api/events.ts';
import { setLiveness } from './liveness.ts';

/** A page that nobody sees for so long hears nothing until it is seen, ms. */
const HIDDEN_MS = 30_000;
/** Screens come and go together: the stream follows a moment later, ms. */
const SETTLE_MS = 30;
/** A stream that is cut for less than this is nobody's concern, ms. */
const CALM_MS = 1500;
/** After so long without a stream somebody may want to do something about it, ms. */
const OFF_MS = 20_000;
/** Where the browser has given up we try again: so long after, and twice as long each time, ms. */
const RETRY_MS = 2000;
const MAX_RETRY_MS = 30_000;

export interface LiveListener {
  onFact(fact: Fact): void;
  /** The stream begins, or goes on behind something that it may not have told. */
  onOpen(): void;
  /** The stream was refused, perhaps because nobody is signed in any more. */
  onRefused(): void;
}

/** The one stream of this tab: what the screens watch together, cut and resumed as need be. */
class Connection {
  private readonly projects = new Map<number, number>();
  private readonly jobs = new Map<string, number>();
  private listener: LiveListener | null = null;
  private close: (() => void) | null = null;
  /** What the open stream was asked for. */
  private asked = '';
  private place: string | null = null;
  private settling: ReturnType<typeof setTimeout> | null = null;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private hiding: ReturnType<typeof setTimeout> | null = null;
  private cutTimers: ReturnType<typeof setTimeout>[] = [];
  private retryMs = RETRY_MS;
  private isPaused = false;
  /** Something may have been missed: the stream was cut, or tells of other projects than before. */
  private hasGap = true;
  private told = '';

  /** From the first screen on; returns how to end it. */
  start(listener: LiveListener): () => void {
    this.listener = listener;
    const onVisible = () => this.onVisibility();
    const onOffline = () => this.onOffline();
    const onOnline = () => this.isPaused || this.reconnect();
    document.addEventListener('visibilitychange', onVisible);
    window.addEventListener('offline', onOffline);
    window.addEventListener('online', onOnline);
    this.follow();
    return () => {
      document.removeEventListener('visibilitychange', onVisible);
      window.removeEventListener('offline', onOffline);
      window.removeEventListener('online', onOnline);
      if (this.hiding) clearTimeout(this.hiding);
      this.listener = null;
      this.end();
    };
  }

  watchProjects(projects: readonly number[]): () => void {
    return this.watch(this.projects, projects);
  }

  watchJob(key: string): () => void {
    return this.watch(this.jobs, [key]);
  }

  /** Whether a screen watches something. */
  isWanted(): boolean {
    return this.projects.size > 0;
  }

  /** At once, whatever it waits for. */
  reconnect(): void {
    this.end();
    this.hasGap = true;
    this.retryMs = RETRY_MS;
    this.open();
  }

  private watch<K>(counts: Map<K, number>, keys: readonly K[]): () => void {
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    this.follow();
    return () => {
      for (const key of keys) {
        const left = (counts.get(key) ?? 1) - 1;
        if (left > 0) counts.set(key, left);
        else counts.delete(key);
      }
      this.follow();
    };
  }

  private follow(): void {
    this.settling ??= setTimeout(() => {
      this.settling = null;
      if (this.wish() !== this.asked || !(this.close || this.retry)) this.open();
    }, SETTLE_MS);
  }

  private wish(): string {
    const sorted = (keys: Iterable<unknown>) => [...keys].map(String).sort((a, b) => a.localeCompare(b));
    return JSON.stringify([sorted(this.projects.keys()), sorted(this.jobs.keys())]);
  }

  private open(): void {
    const projects = [...this.projects.keys()];
    this.stop();
    if (!this.listener || this.isPaused) return;
    if (projects.length === 0) {
      this.place = null;
      this.calm();
      setLiveness('live');
      return;
    }
    this.asked = this.wish();
    if (String(projects) !== this.told) this.hasGap = true;
    this.told = String(projects);
    // What its projects were meanwhile is told from where the last stream came to.
    this.close = openStream(
      { projects, jobs: [...this.jobs.keys()], after: this.place },
      {
        onOpen: () => {
          this.retryMs = RETRY_MS;
          this.calm();
          setLiveness('live');
          if (this.hasGap) this.listener?.onOpen();
          this.hasGap = false;
        },
        onFact: (fact) => this.listener?.onFact(fact),
        onPlace: (id) => {
          this.place = id;
        },
        onCut: (isOver) => this.onCut(isOver),
      },
    );
  }

  private onCut(isOver: boolean): void {
    this.hasGap = true;
    if (this.cutTimers.length === 0) {
      this.cutTimers = [
        setTimeout(() => setLiveness('reconnecting'), CALM_MS),
        setTimeout(() => setLiveness('off'), OFF_MS),
      ];
    }
    if (!isOver) return;
    this.stop();
    this.listener?.onRefused();
    this.retry = setTimeout(() => this.open(), this.retryMs);
    this.retryMs = Math.min(MAX_RETRY_MS, this.retryMs * 2);
  }

  private calm(): void {
    for (const timer of this.cutTimers.splice(0)) clearTimeout(timer);
  }

  private stop(): void {
    this.close?.();
    this.close = null;
    this.asked = '';
    if (this.retry) clearTimeout(this.retry);
    this.retry = null;
  }

  private end(): void {
    if (this.settling) clearTimeout(this.settling);
    this.settling = null;
    this.stop();
    this.calm();
  }

  /** A stream whose network is gone may stay open for minutes without a word. */
  private onOffline(): void {
    if (this.isPaused) return;
    this.hasGap = true;
    this.end();
    setLiveness('off');
  }

  private onVisibility(): void {
    if (this.hiding) clearTimeout(this.hiding);
    this.hiding = null;
    if (document.hidden) {
      this.hiding = setTimeout(() => {
        this.isPaused = true;
        this.hasGap = true;
        this.end();
        setLiveness('paused');
      }, HIDDEN_MS);
      return;
    }
    if (!this.isPaused) return;
    this.isPaused = false;
    this.open();
  }
}

export const connection = new Connection();
