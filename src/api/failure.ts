import type { ServerResponse } from 'node:http';
import { toProblem } from '../domain/problem.ts';
import type { Log } from '../domain/log.ts';
import { Refused } from './refused.ts';

/** An answer that is not 2xx; thrown within the server only, and the only thing of an error that leaves it. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Any thrown value as an answer; what nobody foresaw says nothing of itself to the client and all to the log. */
export function toFailure(error: unknown, log: Pick<Log, 'warn' | 'error'>): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Refused) return new Failure(409, 'refused', error.message);
  const problem = toProblem(error);
  if (problem.code !== 'unexpected') return new Failure(409, problem.code, problem.message);
  log.error({ err: error }, 'a request failed unexpectedly');
  return new Failure(500, 'internal', 'abide met an unexpected error; its log says more');
}

/** Answers with JSON; the connection is kept only after success, so that nothing of a bad request is read as the next. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

/** Answers with the error body of the contract and ends the connection. */
export function sendFailure(response: ServerResponse, failure: Failure): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const [name, value] of Object.entries(failure.headers)) response.setHeader(name, value);
  response.setHeader('Connection', 'close');
  sendJson(response, failure.status, errorBody(failure));
}

/** The contract's error body. */
export function errorBody({ code, message }: Pick<Failure, 'code' | 'message'>): object {
  return { error: { code, message } };
}
