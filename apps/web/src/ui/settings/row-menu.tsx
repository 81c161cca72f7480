import { Ellipsis } from 'lucide-react';
import { Menu, MenuItem } from '../menu.tsx';

interface RowMenuProps {
  name: string;
  /** What changing it is called. */
  change?: string;
  onChange: () => void;
  /** Undefined: it is not to be removed here. */
  onRemove?: (() => void) | undefined;
}

/** What can be done with a variable or a setting. */
export function RowMenu({ name, change = 'Change', onChange, onRemove }: RowMenuProps) {
  return (
    <Menu trigger={<Ellipsis size={14} />} label={`What can be done with ${name}`}>
      <MenuItem onSelect={onChange}>{change}</MenuItem>
      {onRemove && <MenuItem onSelect={onRemove}>Remove</MenuItem>}
    </Menu>
  );
}
