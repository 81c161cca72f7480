import type { Scanner } from './scanner.ts';

const STRING = /'[^'"\\]*'|"[^"\\]*"/y;
const VARIABLE =
  /(?:python_version|python_full_version|os_name|os\.name|sys_platform|sys\.platform|platform_release|platform_system|platform_version|platform\.version|platform_machine|platform\.machine|platform_python_implementation|platform\.python_implementation|python_implementation|implementation_name|implementation_version|extra)\b/y;
const OPERATOR = /===|==|~=|!=|<=|>=|<|>|not\s+in\b|in\b/y;
const COMBINATION = /(?:and|or)\b/y;

/** Nobody writes deeper ones. */
const MAX_DEPTH = 20;

/** An environment marker (PEP 508) in one way of writing it; null when the text is none, or goes on behind it. */
export function readMarker(scanner: Scanner): string | null {
  const marker = expression(scanner, 0);
  return scanner.isAtEnd ? marker : null;
}

function expression(scanner: Scanner, depth: number): string | null {
  const parts: string[] = [];
  for (;;) {
    const part = scanner.take(/\(/y) ? inBrackets(scanner, depth + 1) : comparison(scanner);
    if (part === null) return null;
    parts.push(part);
    const combination = scanner.take(COMBINATION);
    if (combination === null) return parts.join(' ');
    parts.push(combination);
  }
}

function inBrackets(scanner: Scanner, depth: number): string | null {
  const inside = depth > MAX_DEPTH ? null : expression(scanner, depth);
  return inside !== null && scanner.take(/\)/y) ? `(${inside})` : null;
}

function comparison(scanner: Scanner): string | null {
  const left = value(scanner);
  const operator = left && scanner.take(OPERATOR);
  const right = operator && value(scanner);
  return right ? `${left} ${operator?.replace(/\s+/, ' ')} ${right}` : null;
}

function value(scanner: Scanner): string | null {
  return scanner.take(STRING) ?? scanner.take(VARIABLE);
}
