import { runDrill } from '../../../../tools/drill/drill.ts';
import { REPLAY_DRILL, replayDrill } from './replay-drill.js';

await runDrill(REPLAY_DRILL, replayDrill);
