import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const PROBLEMS: Record<string, readonly [line: string, message: string]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the address and the headers are too long'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'the chunk extensions are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long to arrive'],
};
const UNREADABLE = ['400 Bad Request', 'this is no valid HTTP request'] as const;

/**
 * Answers what never became a request, and closes the connection. Node would do so without a body, which the clients
 * that read JSON fail on.
 */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.writable && !isInAnswer(socket)) {
    const [line, message] = PROBLEMS[error.code ?? ''] ?? UNREADABLE;
    const body = JSON.stringify({ status: 'error', message });
    const head = [`HTTP/1.1 ${line}`, 'Content-Type: application/json', `Content-Length: ${body.length}`];
    socket.write([...head, 'Connection: close', '', body].join('\r\n'));
  }
  socket.destroy(error);
}

/** A second answer in the middle of an earlier request's would be taken for a part of it. */
function isInAnswer(socket: Socket): boolean {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage?.headersSent === true;
}
