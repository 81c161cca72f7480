import { DEFAULT_STATUS, type ErrorDialect, type HttpProblem } from '../../http/errors.ts';

/** Words for what only HTTP knows. */
const CODES: Record<number, string> = {
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  415: 'unsupported_media_type',
  421: 'misdirected',
  500: 'internal_error',
};

/** One shape for every error: a stable code, words for people, and the parameter that is wrong. */
export const consoleErrors: ErrorDialect = {
  statusOf: DEFAULT_STATUS,
  body: (message) => ({ error: { code: 'error', message } }),
  format: (problem) => ({ type: 'application/json', body: JSON.stringify({ error: errorOf(problem) }) }),
};

function errorOf({ status, message, known }: HttpProblem): Record<string, unknown> {
  const { field, cursor } = known?.details ?? {};
  return {
    code: known?.code ?? CODES[status] ?? 'error',
    message,
    ...(known?.kind === 'invalid' && typeof field === 'string' && { field }),
    ...(known?.kind === 'conflict' && typeof cursor === 'string' && { cursor }),
  };
}
