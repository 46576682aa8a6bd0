{{/* What the pods of all components share. Rules of the chart that a test holds: Pod Security "restricted" everywhere, no
     token of Kubernetes, each component gets only the variables, secrets and keys that it needs. */}}

{{- define "tandem.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
# Keys are for their owner only, and stay so: modes are set once, on the empty volume.
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "tandem.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Beginning of a pod's spec: who it runs as. */}}
{{- define "tandem.podIdentity" -}}
serviceAccountName: {{ include "tandem.componentName" . }}
automountServiceAccountToken: false
# Kubernetes' own variables for services are called as settings of the program are.
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "tandem.podSecurity" . | nindent 2 }}
{{- end -}}

{{/* Where a component's pods may and should run: its own values, or the general ones. */}}
{{- define "tandem.placement" -}}
{{- $c := index .root.Values .name -}}
{{- with $c.priorityClassName | default .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $c.nodeSelector | default .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $c.tolerations | default .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $c.affinity | default .root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $spread := merge (deepCopy $c.topologySpread) .root.Values.topologySpread }}
{{- if or $spread.hostname $spread.zone }}
topologySpreadConstraints:
  {{- range $key, $name := dict "kubernetes.io/hostname" $spread.hostname "topology.kubernetes.io/zone" $spread.zone }}
  {{- with $name }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: {{ . }}
    labelSelector:
      matchLabels:
        {{- include "tandem.componentSelector" $ | nindent 8 }}
    # Pods of one version are spread among themselves, also while an upgrade runs.
    matchLabelKeys: [pod-template-hash]
  {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "tandem.deployment" -}}
{{- $c := index .root.Values .name -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "tandem.componentMetadata" . | nindent 2 }}
spec:
  {{- if not $c.autoscaling.enabled }}
  replicas: {{ $c.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  minReadySeconds: {{ .root.Values.minReadySeconds }}
  progressDeadlineSeconds: {{ add .root.Values.startWaitSeconds .root.Values.minReadySeconds 300 }}
  selector:
    matchLabels:
      {{- include "tandem.componentSelector" . | nindent 6 }}
  # Never fewer than asked for: one more is made ready, then one goes.
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  template:
    metadata:
      labels:
        {{- include "tandem.componentSelector" . | nindent 8 }}
        {{- with merge (deepCopy $c.podLabels) .root.Values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with merge (deepCopy $c.podAnnotations) .root.Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "tandem.podIdentity" . | nindent 6 }}
      # What the program allows itself, and time to close what is left.
      terminationGracePeriodSeconds: {{ add .root.Values.drainDelaySeconds .root.Values.drainSeconds 10 }}
      containers:
        - name: {{ .name }}
          {{- include "tandem.container" . | nindent 10 }}
      volumes:
        {{- include "tandem.volumes" . | nindent 8 }}
      {{- with include "tandem.placement" . | trim }}
      {{- . | nindent 6 }}
      {{- end }}
{{- end -}}

{{- define "tandem.container" -}}
{{- $c := index .root.Values .name -}}
image: {{ include "tandem.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args: [serve, {{ .name }}]
env:
  {{- include "tandem.env" . | trim | nindent 2 }}
ports:
  {{- if eq .name "gateway" }}
  - name: http
    containerPort: 8080
    protocol: TCP
  {{- else }}
  - name: grpc
    containerPort: 9000
    protocol: TCP
  {{- end }}
  - name: ops
    containerPort: 8081
    protocol: TCP
# Longer than the program itself waits for its database: it gives up first, and says why.
startupProbe:
  httpGet:
    path: /healthz
    port: ops
  periodSeconds: 2
  timeoutSeconds: 3
  failureThreshold: {{ div (add .root.Values.startWaitSeconds 60) 2 }}
# The pod can serve: its database answers. Loss of what it can do without is told in the body, and the pod stays.
readinessProbe:
  httpGet:
    path: /readyz
    port: ops
  periodSeconds: 3
  timeoutSeconds: 3
# The process answers. It does not ask the database: a new process would not bring that back.
livenessProbe:
  httpGet:
    path: /healthz
    port: ops
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 6
securityContext:
  {{- include "tandem.containerSecurity" . | nindent 2 }}
resources:
  {{- toYaml $c.resources | nindent 2 }}
volumeMounts:
  {{- include "tandem.volumeMounts" . | trim | nindent 2 }}
{{- end -}}
