import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';
export type Paint = (style: Style, text: string) => string;

/** Paints text, or leaves it as it is where colour makes no sense. */
export function painter(colour: boolean): Paint {
  // Whether to paint is decided by then, so Node need not look at its own stdout.
  return colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
}

/**
 * Controls (C0, DEL, C1), line and paragraph separators, invisible and bidirectional formatting, halves of surrogate
 * pairs: what could move the cursor, colour the screen or reorder a line.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A value that a stranger wrote into the registry, safe on a terminal and on one line. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A stretch of time as a person says it: `0s`, `12s`, `3m 20s`, `2h 5m`, `4d 3h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return '0s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}
