import { runTrainerProcess } from './adapters/trainer-process-main.js';

process.exitCode = await runTrainerProcess();
