import { runDrill } from '../../../../tools/drill/drill.ts';
import { MUTATE_DRILL, mutateDrill } from './mutate-drill.js';

await runDrill(MUTATE_DRILL, mutateDrill);
