/** One message to one person: text alone, since what crawls and strangers wrote may be part of it. */
export interface Mail {
  /** An address such as `ann@example.org`, without a name. */
  to: string;
  /** One line; breaks in it become blanks. */
  subject: string;
  text: string;
  /** The same for a message that may be sent again: letters, digits, `.` and `-`. By it a reader knows it as one. */
  id?: string;
}

/** Sends mail in the name of the installation. Where none is set up there is no mailer: null in its place. */
export interface Mailer {
  /**
   * Resolves when the mail server has taken the message. Throws `unavailable` when it cannot be reached or takes none now,
   * `invalid` (field `email`) when it refuses the address for good.
   */
  send(mail: Mail): Promise<void>;
}
