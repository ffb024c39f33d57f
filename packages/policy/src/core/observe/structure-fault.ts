import type { BlueprintDescriptor, GraphMetadata, SeedMonitor } from '@esper/leyline';
import { isBlank } from './blank.js';

interface StructureFault {
  readonly path: string;
  readonly reason: string;
}

/** More rows than this in one list are no structure but a mistake. */
const LIST_LENGTH_MAX = 8192;

/**
 * The first thing in a blueprint's structure that contradicts itself: a list beyond its limit, a repeated id, an index
 * that points nowhere, a repeated edge. `undefined` when it is sound, or absent.
 */
export function structureFault(descriptor: BlueprintDescriptor): StructureFault | undefined {
  const { graph } = descriptor;
  if (graph === undefined) return undefined;
  return (
    listFault(graph) ??
    repeatedIds(graph) ??
    adjacencyFault(graph) ??
    monitorFault(graph) ??
    allowListFault(graph, parameterNames(descriptor))
  );
}

/** The names of the parameters a blueprint tunes: its structure's own, else those of the catalogue. */
export const parameterNames = ({ graph, allowedParameters }: BlueprintDescriptor): readonly string[] =>
  graph !== undefined && graph.parameters.length > 0
    ? graph.parameters.map((parameter) => parameter.name)
    : Object.keys(allowedParameters);

function listFault(graph: GraphMetadata): StructureFault | undefined {
  const lists = {
    layers: graph.layers,
    activations: graph.activations,
    parameters: graph.parameters,
    layerAdjacency: graph.layerAdjacency ?? [],
    monitors: graph.monitors ?? [],
  };
  for (const [name, list] of Object.entries(lists)) {
    if (list.length > LIST_LENGTH_MAX) {
      return { path: `graph.${name}`, reason: `has ${list.length} entries, at most ${LIST_LENGTH_MAX} are taken` };
    }
  }
  return undefined;
}

function repeatedIds(graph: GraphMetadata): StructureFault | undefined {
  return (
    repeated(
      'graph.layers',
      'layerId',
      graph.layers.map((layer) => layer.layerId),
    ) ??
    repeated(
      'graph.activations',
      'activationId',
      graph.activations.map((activation) => activation.activationId),
    ) ??
    repeated(
      'graph.parameters',
      'name',
      graph.parameters.map((parameter) => parameter.name),
    )
  );
}

function repeated(path: string, field: string, ids: readonly string[]): StructureFault | undefined {
  const seen = new Set<string>();
  for (const [index, id] of ids.entries()) {
    if (isBlank(id)) return { path: `${path}[${index}].${field}`, reason: 'is blank' };
    if (seen.has(id)) return { path: `${path}[${index}].${field}`, reason: 'is given twice' };
    seen.add(id);
  }
  return undefined;
}

function adjacencyFault({ layers, layerAdjacency }: GraphMetadata): StructureFault | undefined {
  const seen = new Set<string>();
  for (const [index, [from, to]] of (layerAdjacency ?? []).entries()) {
    const path = `graph.layerAdjacency[${index}]`;
    if (!isIndexOf(layers, from) || !isIndexOf(layers, to)) return { path, reason: 'names a layer that is not listed' };
    if (seen.has(`${from}/${to}`)) return { path, reason: 'is given twice' };
    seen.add(`${from}/${to}`);
  }
  return undefined;
}

function monitorFault({ layers, monitors }: GraphMetadata): StructureFault | undefined {
  const seen = new Set<string>();
  for (const [index, monitor] of (monitors ?? []).entries()) {
    const reason = monitorReason(monitor, layers);
    const edge = `${monitor.seedId ?? ''}/${monitor.seedIndex ?? ''}/${monitor.layerIndex}`;
    if (reason !== undefined || seen.has(edge)) {
      return { path: `graph.monitors[${index}]`, reason: reason ?? 'is given twice' };
    }
    seen.add(edge);
  }
  return undefined;
}

function monitorReason(monitor: SeedMonitor, layers: GraphMetadata['layers']): string | undefined {
  if (!isIndexOf(layers, monitor.layerIndex)) return 'names a layer that is not listed';
  if (monitor.seedId === undefined && monitor.seedIndex === undefined) return 'names no seed';
  return monitor.weight === undefined || Number.isFinite(monitor.weight) ? undefined : 'has no finite weight';
}

function allowListFault(graph: GraphMetadata, parameters: readonly string[]): StructureFault | undefined {
  const names = new Set(parameters);
  for (const [seedId, list] of Object.entries(graph.allowedParametersBySeedId ?? {})) {
    const stranger = list.find((name) => !names.has(name));
    if (stranger !== undefined) {
      return { path: `graph.allowedParametersBySeedId.${seedId}`, reason: 'names a parameter that is not listed' };
    }
  }
  for (const [seedIndex, list] of Object.entries(graph.allowedParametersBySeedIndex ?? {})) {
    if (list.some((index) => !isIndexOf(parameters, index))) {
      return {
        path: `graph.allowedParametersBySeedIndex.${seedIndex}`,
        reason: 'names a parameter that is not listed',
      };
    }
  }
  return undefined;
}

const isIndexOf = (list: readonly unknown[], index: number): boolean =>
  Number.isInteger(index) && index >= 0 && index < list.length;
