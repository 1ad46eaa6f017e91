import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import type { Config } from '../../config/schema.ts';
import { failing, passing, type HealthCheck, type Look } from './health-check.ts';

/**
 * Passes when the URL answers with the status. A redirect is an answer like any other: who expects one says its status, and
 * a check never asks a host that nobody configured.
 */
export function httpCheck(
  name: string,
  timeoutMs: number,
  { url, status }: NonNullable<Config['health']['checks'][number]['http']>,
): HealthCheck {
  return { name, timeoutMs, look: (_against, { signal }) => ask(url, status, signal) };
}

function ask(url: string, wanted: number, signal: AbortSignal): Promise<Look> {
  const request = url.startsWith('https:') ? requestTls : requestPlain;
  return new Promise((resolve) => {
    const asking = request(url, { agent: false, signal, headers: { 'user-agent': 'abide', accept: '*/*' } });
    asking.on('response', (response) => {
      const { statusCode } = response;
      // The status is the answer; a body may be endless.
      response.on('error', () => undefined);
      response.destroy();
      resolve(
        statusCode === wanted ? passing : failing(`${url} answered ${statusCode}, and ${wanted} is wanted`),
      );
    });
    asking.on('error', (error) => resolve(failing(`${url}: ${error.message || 'no answer'}`)));
    asking.end();
  });
}
