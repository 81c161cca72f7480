import { Ellipsis } from 'lucide-react';
import { Menu, MenuItem } from '../../ui/menu.tsx';

interface RowMenuProps {
  name: string;
  onChange: () => void;
  onRemove: () => void;
}

/** What can be done with a variable or a setting. */
export function RowMenu({ name, onChange, onRemove }: RowMenuProps) {
  return (
    <Menu trigger={<Ellipsis size={14} />} label={`What can be done with ${name}`}>
      <MenuItem onSelect={onChange}>Change</MenuItem>
      <MenuItem onSelect={onRemove}>Remove</MenuItem>
    </Menu>
  );
}
