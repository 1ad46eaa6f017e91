/** A command that the daemon understood and will not do; the client gets 409 with this message. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
