import { accountErrors } from '../errors.ts';
import type { Link } from '../ports/link-store.ts';
import type { Mailer } from '../ports/mailer.ts';
import type { MadeLink } from './accounts.ts';

type Kind = Link['kind'];

/** The page of a link. The token stands behind the `#`, which browsers keep to themselves and out of all logs. */
export function linkTo(site: string, kind: Kind, token: string): string {
  return `${site}/${kind}#token=${token}`;
}

/** Somebody to write to. */
export interface Recipient {
  email: string;
  /** Where people find the service. Never what a request says: its sender would choose where the links lead. */
  site: string;
}

/** What is mailed to people. Whatever others have written in it, names of organisations say, is quoted and text alone. */
export interface Letters {
  /** Whether mail is set up. Without it the other functions throw `conflict` (`no_mail`). */
  canSend: boolean;
  /** Invites to `place`. Throws what `Mailer.send` throws, as all of them. */
  invitation(
    to: Recipient,
    link: MadeLink,
    words: { place: string; role: string; by: string },
  ): Promise<void>;
  /** A link by which `user` sets a new password. */
  password(to: Recipient, link: MadeLink, user: string): Promise<void>;
  /** A link that shows that the address is that of `user`. */
  address(to: Recipient, link: MadeLink, user: string): Promise<void>;
}

export function createLetters(mailer: Mailer | null): Letters {
  async function write(
    { email, site }: Recipient,
    kind: Kind,
    { token, expiresAt }: MadeLink,
    words: { subject: string; first: string; otherwise: string },
  ): Promise<void> {
    if (!mailer) throw accountErrors.noMail();
    const until = expiresAt.toISOString().slice(0, 16).replace('T', ' ');
    const text = [
      words.first,
      linkTo(site, kind, token),
      `The link works once, until ${until} UTC. ${words.otherwise}`,
      `Spiderhub at ${site}`,
    ];
    await mailer.send({ to: email, subject: words.subject, text: `${text.join('\n\n')}\n` });
  }

  return {
    canSend: mailer !== null,
    invitation: (to, link, { place, role, by }) =>
      write(to, 'invitation', link, {
        subject: 'An invitation to Spiderhub',
        first: `"${by}" invites you to "${place}" as ${role}. To take the invitation, open`,
        otherwise: 'If you know nothing of this, do nothing.',
      }),
    password: (to, link, user) =>
      write(to, 'password', link, {
        subject: 'A new password for Spiderhub',
        first: `Somebody asked for a new password for the user "${user}". To set one, open`,
        otherwise: 'If that was not you, do nothing: the password stays as it is.',
      }),
    address: (to, link, user) =>
      write(to, 'email', link, {
        subject: 'Your address at Spiderhub',
        first: `The user "${user}" says that this address is its own. To confirm that, open`,
        otherwise: 'If that was not you, do nothing.',
      }),
  };
}
