import { LOG_LEVELS } from '@spiderhub/core';

const HEAD = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d) (\[[^\]]*\]) ([A-Z]+): ?(.*)$/;
const LEVELS: Record<string, number> = LOG_LEVELS;
const CLOSED = /^\[scrapy\.core\.engine\] Spider closed \((.+)\)$/;
const { INFO, ERROR } = LOG_LEVELS;
/** A record with more lines than this goes on in the next one. */
const MAX_MESSAGE = 1024 * 1024;

interface OpenRecord {
  time: number;
  level: number;
  message: string;
}

/** Reads the lines of a log file as Scrapy writes it. Lines without a head belong to the record before them. */
export interface LogReader {
  line(text: string): void;
  /** Records that are complete since the last call, as JSON. */
  take(): Buffer[];
  /** Ends the last record. */
  end(): void;
  readonly firstAt: Date | null;
  readonly lastAt: Date | null;
  readonly records: number;
  readonly errors: number;
  /** From the line that says why the spider closed. */
  readonly closeReason: string | null;
}

export function createLogReader(fallbackTime: Date): LogReader {
  let open: OpenRecord | null = null;
  let done: Buffer[] = [];
  let firstAt: Date | null = null;
  let lastAt: Date | null = null;
  let records = 0;
  let errors = 0;
  let closeReason: string | null = null;

  function end(): void {
    if (!open) return;
    records += 1;
    if (open.level >= ERROR) errors += 1;
    closeReason = CLOSED.exec(open.message)?.[1] ?? closeReason;
    done.push(Buffer.from(JSON.stringify(open)));
    open = null;
  }

  function begin(match: RegExpExecArray): void {
    end();
    const [, year, month, day, hour, minute, second, logger, level, message] = match;
    const at = new Date(
      Number(year),
      Number(month) - 1,
      Number(day),
      Number(hour),
      Number(minute),
      Number(second),
    );
    firstAt ??= at;
    lastAt = at;
    open = { time: at.getTime(), level: LEVELS[level as string] ?? INFO, message: `${logger} ${message}` };
  }

  return {
    line(text) {
      const head = HEAD.exec(text);
      if (head) begin(head);
      else if (open && open.message.length < MAX_MESSAGE) open.message += `\n${text}`;
      else {
        end();
        open = { time: (lastAt ?? fallbackTime).getTime(), level: INFO, message: text };
      }
    },
    take() {
      const lines = done;
      done = [];
      return lines;
    },
    end,
    get firstAt() {
      return firstAt;
    },
    get lastAt() {
      return lastAt;
    },
    get records() {
      return records;
    },
    get errors() {
      return errors;
    },
    get closeReason() {
      return closeReason;
    },
  };
}
