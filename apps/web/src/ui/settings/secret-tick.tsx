interface SecretTickProps {
  secret: boolean;
  /** Undefined: it is one already, and stays one. */
  onChange: ((secret: boolean) => void) | undefined;
}

/** Whether a value is shown to nobody again. */
export function SecretTick({ secret, onChange }: SecretTickProps) {
  return (
    <label className="tick">
      <input
        type="checkbox"
        className="check"
        checked={secret}
        disabled={!onChange}
        onChange={({ target }) => onChange?.(target.checked)}
      />
      Secret: nobody reads it again but crawls
    </label>
  );
}
