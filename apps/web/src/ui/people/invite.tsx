import { type FormEvent, useState } from 'react';
import { ROLES, type Role } from '../../api/organisations.ts';
import { useSignInWays } from '../../lib/me.ts';
import { CommandLine } from '../command-line.tsx';
import { ErrorPanel } from '../feedback.tsx';
import { Field, isOfNoField, problemOf } from '../field.tsx';
import { At } from '../time.tsx';
import type { usePeople } from './use-people.ts';

const WORDS: Record<Role, string> = {
  owner: 'everything, the organisation itself included',
  admin: 'people, projects, keys, and all that follows',
  developer: 'deploy, settings, periodic jobs, run and stop',
  operator: 'run, stop, tag and delete jobs',
  reader: 'see everything but settings, change nothing',
};

/** Chooses a role, and shows the link that was made: this one time. */
export function Invite({ people }: { people: ReturnType<typeof usePeople> }) {
  const [role, setRole] = useState<Role>('developer');
  const [email, setEmail] = useState('');
  const mails = useSignInWays()?.mail ?? false;
  const { data: made, error, isPending, mutate } = people.invite;
  function submit(event: FormEvent) {
    event.preventDefault();
    mutate({ role, ...(email !== '' && { email }) });
  }
  if (made) {
    return (
      <div className="body">
        <LinkToHandOn made={made} />
      </div>
    );
  }
  return (
    <form onSubmit={submit}>
      <div className="body stack">
        <Field label="As" hint={WORDS[role]}>
          {(props) => (
            <select
              {...props}
              className="select"
              value={role}
              onChange={(event) => setRole(event.target.value as Role)}
            >
              {ROLES.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
        {mails && (
          <Field
            label="E-mail address"
            hint="The link is sent there; empty: you hand it on yourself"
            problem={problemOf(error, 'email')}
          >
            {(props) => (
              <input
                {...props}
                className="input"
                type="email"
                value={email}
                onChange={(event) => setEmail(event.target.value)}
              />
            )}
          </Field>
        )}
        {isOfNoField(error, ['email']) && <ErrorPanel error={error} />}
      </div>
      <footer>
        <button type="submit" className="button primary" disabled={isPending}>
          {email === '' ? 'Make a link' : 'Send a link'}
        </button>
      </footer>
    </form>
  );
}

interface Made {
  /** Null when it was sent by mail: then nobody else is to have it. */
  link: string | null;
  mailedTo?: string | null;
  expiresAt: string;
}

/** Whoever has the link can use it, once. */
export function LinkToHandOn({ made: { link, mailedTo, expiresAt } }: { made: Made }) {
  return (
    <div className="stack">
      {link === null ? (
        <p>A link is on its way to {mailedTo}.</p>
      ) : (
        <>
          <p>Hand this link on. It is shown this one time, works once, and whoever has it can use it.</p>
          <CommandLine text={link} label="Copy the link" />
        </>
      )}
      <p className="dim">
        It ends <At at={expiresAt} />.
      </p>
    </div>
  );
}
