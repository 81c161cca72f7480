import { type ReactNode, useState } from 'react';
import { Menu, MenuItem } from '../../ui/menu.tsx';
import { COLUMNS, USUAL_COLUMNS } from './columns.tsx';

const STORED = 'spiderhub.jobs.columns';

/** Which columns this browser shows. */
export function useColumns() {
  const [columns, setColumns] = useState<readonly string[]>(read);
  function change(next: readonly string[]) {
    setColumns(next);
    try {
      localStorage.setItem(STORED, JSON.stringify(next));
    } catch {
      // It holds until the page is left.
    }
  }
  return [columns, change] as const;
}

function read(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? 'null');
    if (Array.isArray(stored) && stored.includes('job')) return stored as string[];
  } catch {
    // Whatever stands there, it is not ours.
  }
  return USUAL_COLUMNS;
}

interface ColumnsMenuProps {
  columns: readonly string[];
  onChange: (columns: readonly string[]) => void;
  icon: ReactNode;
}

export function ColumnsMenu({ columns, onChange, icon }: ColumnsMenuProps) {
  const toggled = (id: string) =>
    columns.includes(id) ? columns.filter((each) => each !== id) : [...columns, id];
  return (
    <Menu label="Columns" trigger={<>{icon} Columns</>}>
      {COLUMNS.filter(({ id }) => id !== 'job').map(({ id, head }) => (
        <MenuItem key={id} onSelect={() => onChange(toggled(id))}>
          <span className="grow">{head}</span>
          {columns.includes(id) && <span aria-hidden="true">✓</span>}
          <span className="hidden-text">{columns.includes(id) ? 'shown' : 'hidden'}</span>
        </MenuItem>
      ))}
      <MenuItem onSelect={() => onChange(USUAL_COLUMNS)}>As at first</MenuItem>
    </Menu>
  );
}
