import { library } from '../../tools/tsup.ts';

export default library(['index', 'trainer-main'], { formats: ['esm'] });
