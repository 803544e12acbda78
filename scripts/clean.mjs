// Removes what the build writes, so that a file deleted from src/ never lingers in the package.
import { rmSync } from 'node:fs';

for (const folder of ['dist', '.cache/build']) rmSync(new URL(`../${folder}`, import.meta.url), { recursive: true, force: true });
