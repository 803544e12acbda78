import type { ExplainedRecord, Explanation } from '../../core/selection/explain.js';
import { table } from './table.js';
import { type Paint, printable } from './terminal.js';

/** For a person: what comes of it in a sentence, what is out of the ordinary, and a line for each record. */
export function explanationTable({ sentence, policy, notes, records }: Explanation, paint: Paint): string {
  const lines = [paint('bold', printable(sentence)), `policy: ${printable(policy)}`, ...notes.map((note) => paint('yellow', `note: ${printable(note)}`))];
  const rows = records.map((record) => [
    printable(record.id ?? record.key ?? ''),
    printable(record.address ?? ''),
    record.kept ? 'called' : 'dropped',
    record.share === undefined ? '' : percent(record.share),
    printable(why(record)),
  ]);
  const list = rows.length === 0 ? '' : `\n${table(['ID', 'ADDRESS', 'VERDICT', 'CALLS', 'WHY'], rows, paint)}`;
  return `${lines.join('\n')}\n${list}`;
}

function why({ reason, detail, slowStart, held }: ExplainedRecord): string {
  const parts = [
    ...(reason === undefined ? [] : [detail === undefined ? reason : `${reason}: ${detail}`]),
    ...(slowStart === undefined ? [] : [`starts slowly, at ${percent(slowStart)} of its weight`]),
    ...(held === true ? ['held back: the backend does not have it any more'] : []),
  ];
  return parts.join('; ');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1).replace(/\.0$/, '')} %`;
}
