import { library } from '../../tools/tsup.ts';

export default library(['index', 'client', 'cli'], { formats: ['esm'] });
