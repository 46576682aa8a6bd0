{{/* The objects around a component's Deployment. */}}

{{- define "tandem.serviceAccount" -}}
{{- $own := index .root.Values .name | default dict -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "tandem.componentMetadata" . | nindent 2 }}
  {{- $annotations := merge (dict) (.annotations | default dict) (dig "serviceAccount" "annotations" dict $own) .root.Values.serviceAccount.annotations }}
  {{- with $annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
# The program does not talk to Kubernetes.
automountServiceAccountToken: false
{{- end -}}

{{/* Headless: callers look up every pod that is ready, and take turns. */}}
{{- define "tandem.grpcService" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "tandem.componentMetadata" . | nindent 2 }}
spec:
  clusterIP: None
  selector:
    {{- include "tandem.componentSelector" . | nindent 4 }}
  ports:
    - name: grpc
      port: 9000
      targetPort: grpc
      protocol: TCP
      appProtocol: grpc
    - name: ops
      port: 8081
      targetPort: ops
      protocol: TCP
{{- end -}}

{{- define "tandem.hpa" -}}
{{- $a := (index .root.Values .name).autoscaling -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "tandem.componentMetadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "tandem.componentName" . }}
  minReplicas: {{ $a.minReplicas }}
  maxReplicas: {{ $a.maxReplicas }}
  behavior:
    # Down slowly: a class that answers a survey together comes again with the next lesson.
    scaleDown:
      stabilizationWindowSeconds: 600
  metrics:
    {{- range $resource, $target := dict "cpu" $a.targetCPU "memory" $a.targetMemory }}
    {{- if $target }}
    - type: Resource
      resource:
        name: {{ $resource }}
        target:
          type: Utilization
          averageUtilization: {{ $target }}
    {{- end }}
    {{- end }}
{{- end -}}

{{/* Not for one pod: a budget for it would keep its node from ever being drained. */}}
{{- define "tandem.pdb" -}}
{{- if gt (int (include "tandem.leastReplicas" .)) 1 -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "tandem.componentMetadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  # A pod that does not get ready must not keep its node.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "tandem.componentSelector" . | nindent 6 }}
{{- end -}}
{{- end -}}

{{- define "tandem.serviceMonitor" -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  {{- include "tandem.componentMetadata" . | nindent 2 }}
    {{- with .root.Values.serviceMonitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "tandem.serviceMonitorSpec" (merge (dict "selector" (include "tandem.componentSelector" .)) .) | nindent 2 }}
{{- end -}}

{{/* dict root name selector. */}}
{{- define "tandem.serviceMonitorSpec" -}}
selector:
  matchLabels:
    {{- .selector | nindent 4 }}
namespaceSelector:
  matchNames: [{{ .root.Release.Namespace }}]
endpoints:
  - port: ops
    path: /metrics
    interval: {{ .root.Values.serviceMonitor.interval }}
    relabelings: # alerts and dashboards know the parts by these names, whatever the release is called
      - {targetLabel: job, replacement: tandem-{{ .name }}}
targetLabels: [app.kubernetes.io/component]
{{- end -}}
