import { library } from '../../tools/tsup.ts';

export default library(['index', 'node', 'redis', 'testing']);
