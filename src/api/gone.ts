/** Whether the client of a request is still there to be answered. */
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Aborts when the connection is closed before the answer, or has been. An answer that others of the
 * same connection come before has no end of its own until its turn: only the socket tells.
 */
export function clientGone({ raw }: FastifyRequest, reply: Pick<FastifyReply, 'raw'>): AbortSignal {
  const { socket } = raw
  const gone = new AbortController()
  const abort = () => gone.abort()
  if (socket.destroyed) abort()
  // A client may send many requests without waiting for an answer.
  socket.setMaxListeners(0).once('close', abort)
  reply.raw.once('close', () => socket.off('close', abort))
  return gone.signal
}
