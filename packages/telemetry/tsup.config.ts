import { library } from '../../tools/tsup.ts';

export default library(['index', 'node', 'opentelemetry', 'pino', 'prometheus', 'testing']);
