import { useMe } from '../../lib/me.ts';
import { AuditLog } from '../../ui/audit/audit-log.tsx';
import { Page } from '../../ui/page.tsx';

/** What was done on the whole installation, for staff. */
export default function ServerAuditPage() {
  const me = useMe();
  return (
    <Page title="Audit log of this Spiderhub">
      {me && <AuditLog place="everything" refusal={me.staff ? null : 'Only staff reads this'} />}
    </Page>
  );
}
