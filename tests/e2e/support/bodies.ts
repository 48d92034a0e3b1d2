import type { Instance } from '../../../workers/instance.ts'

/** Posts bytes as they are. */
export async function post(
  instance: Instance,
  bytes: Uint8Array,
  type: string,
  query = '',
): Promise<{ status: number; body: Record<string, unknown>; type: string | null }> {
  const response = await fetch(`${instance.api}/v1/uploads${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${instance.apiKey}`, 'content-type': type },
    body: new Blob([new Uint8Array(bytes)]),
  })
  return { status: response.status, type: response.headers.get('content-type'), body: (await response.json()) as Record<string, unknown> }
}
