/**
 * A ScaledObject with KEDA's trigger `temporal`, as a type to check the manifests against. Written
 * from the documentation of KEDA, versions 2.17 to 2.22; the fields of other triggers are left out.
 */
import type { HorizontalPodAutoscalerBehavior } from 'kubernetes-types/autoscaling/v2.d.ts'
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts'

export interface ScaledObject {
  apiVersion: 'keda.sh/v1alpha1'
  kind: 'ScaledObject'
  metadata: ObjectMeta & { name: string }
  spec: {
    scaleTargetRef: { apiVersion?: string; kind?: string; name: string }
    pollingInterval?: number
    cooldownPeriod?: number
    initialCooldownPeriod?: number
    idleReplicaCount?: number
    minReplicaCount?: number
    maxReplicaCount?: number
    fallback?: { failureThreshold: number; replicas: number; behavior?: string }
    advanced?: {
      restoreToOriginalReplicaCount?: boolean
      horizontalPodAutoscalerConfig?: { name?: string; behavior?: HorizontalPodAutoscalerBehavior }
    }
    triggers: TemporalTrigger[]
  }
}

/** Every value is a string. What 2.21 gave up, or only later versions have, is left out. */
interface TemporalTrigger {
  type: 'temporal'
  name?: string
  metricType?: 'AverageValue' | 'Value'
  metadata: {
    endpoint: `${string}:${number}`
    taskQueue: string
    namespace?: string
    targetQueueSize?: `${number}`
    activationTargetQueueSize?: `${number}`
    queueTypes?: 'activity' | 'workflow' | 'workflow,activity'
    minConnectTimeout?: `${number}`
    unsafeSsl?: `${boolean}`
    tlsServerName?: string
  }
  authenticationRef?: { name: string; kind?: string }
}
