import { activeKeys } from '../lib/keys.ts';
import { usePreferences } from '../lib/preferences.ts';
import { Dialog } from '../ui/dialog.tsx';

const NAMES: Record<string, string> = {
  'mod+k': 'Ctrl K',
  'mod+Enter': 'Ctrl Enter',
  ArrowDown: '↓',
  ArrowUp: '↑',
};

/** All keys that act on this screen. */
export function KeyHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { keys } = usePreferences();
  const seen = new Map(activeKeys().map((action) => [action.keys, action]));
  return (
    <Dialog open={open} onClose={onClose} title="Keys">
      <div className="body stack">
        {!keys && <p className="note">Single keys are switched off in your menu.</p>}
        <table className="table">
          <tbody>
            {[...seen.values()].map(({ keys: name, what }) => (
              <tr key={name}>
                <td style={{ width: 90 }}>
                  {(NAMES[name] ?? name).split(' ').map((each, i) => (
                    <span key={`${each}-${String(i)}`}>
                      {i > 0 && ' '}
                      <kbd>{each}</kbd>
                    </span>
                  ))}
                </td>
                <td className="wrap">{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Dialog>
  );
}
