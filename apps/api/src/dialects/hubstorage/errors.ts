import { DEFAULT_STATUS, type ErrorDialect, type HttpProblem } from '../../http/errors.ts';

/** Parts that the original answered from another program, in other words. */
const WORDED_AS_JSON = /^\/(jobq|jobs|projects|ids|spiders|botgroups|activity|system)(\/|$)/;

const NAMES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/**
 * Errors as recorded: an object on several lines from the queue's side, a line of text from the data's side. The
 * clients go by the status and show whichever words they find.
 */
export const storageErrors: ErrorDialect = {
  statusOf: DEFAULT_STATUS,
  body: (message) => ({ message }),
  format(problem, path) {
    const name = NAMES[problem.status] ?? 'Error';
    const message = problem.status === 401 ? name : problem.message;
    if (WORDED_AS_JSON.test(path)) {
      return { type: 'application/json', body: JSON.stringify({ error: name, message }, null, 2) };
    }
    return { type: 'text/plain; charset=UTF-8', body: `${wordsOf(problem, message)}\n` };
  },
};

/** What is not there is `Not Found` and nothing more: a client that looks for a key shows it as it is. */
function wordsOf(problem: HttpProblem, message: string): string {
  return problem.status === 404 ? 'Not Found' : message.replaceAll(/[\r\n]+/g, ' ');
}
