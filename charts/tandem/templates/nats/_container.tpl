{{- define "tandem.natsContainer" -}}
{{- $nats := .Values.nats -}}
image: {{ include "tandem.imageOf" $nats.image }}
imagePullPolicy: {{ $nats.image.pullPolicy }}
command: [{{ $nats.binary }}]
args:
  - --config
  - /etc/nats/nats.conf
  {{- if gt (int $nats.replicas) 1 }}
  - --routes
  - {{ include "tandem.natsRoutes" . | quote }}
  {{- end }}
env:
  - name: POD_NAME
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  - name: NATS_USER
    valueFrom:
      secretKeyRef:
        name: {{ include "tandem.natsSecret" . }}
        key: user
  - name: NATS_PASSWORD
    valueFrom:
      secretKeyRef:
        name: {{ include "tandem.natsSecret" . }}
        key: password
  # In quotes, as the configuration reads them: one of digits alone would be a number.
  - name: QUOTED_USER
    value: "'$(NATS_USER)'"
  - name: QUOTED_PASSWORD
    value: "'$(NATS_PASSWORD)'"
  {{- include "tandem.goEnv" $nats.resources | trim | nindent 2 }}
ports:
  - name: client
    containerPort: 4222
    protocol: TCP
  - name: monitor
    containerPort: 8222
    protocol: TCP
  {{- if gt (int $nats.replicas) 1 }}
  - name: cluster
    containerPort: 6222
    protocol: TCP
  {{- end }}
{{- if gt (int $nats.replicas) 1 }}
# Sends clients to the other servers, one after the other, before it stops. A server alone had better be back soon.
lifecycle:
  preStop:
    exec:
      command: [{{ $nats.binary }}, --signal, ldm=/tmp/nats.pid]
{{- end }}
# Reading the streams after a crash may take its time: ten minutes. One of several has started when its copies are as new as the
# others': not before may the next one stop.
startupProbe:
  httpGet:
    path: /healthz{{ if eq (int $nats.replicas) 1 }}?js-server-only=true{{ end }}
    port: monitor
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 300
readinessProbe:
  httpGet:
    path: /healthz?js-server-only=true
    port: monitor
  periodSeconds: 5
  timeoutSeconds: 5
livenessProbe:
  httpGet:
    path: /healthz?js-enabled-only=true
    port: monitor
  periodSeconds: 15
  timeoutSeconds: 5
  failureThreshold: 6
securityContext:
  {{- include "tandem.containerSecurity" . | nindent 2 }}
resources:
  {{- toYaml $nats.resources | nindent 2 }}
volumeMounts:
  - name: data
    mountPath: /data
  - name: config
    mountPath: /etc/nats
    readOnly: true
  - name: tmp
    mountPath: /tmp
  {{- if .Values.tls.enabled }}
  - name: tls
    mountPath: /etc/tandem/tls
    readOnly: true
  {{- end }}
{{- end -}}

{{/* Sends the server a signal when its certificate was renewed. It finds the server by the file with its pid. */}}
{{- define "tandem.natsReloader" -}}
{{- with .Values.nats.reloader -}}
image: {{ include "tandem.imageOf" .image }}
imagePullPolicy: {{ .image.pullPolicy }}
args:
  - -pid
  - /tmp/nats.pid
  - -config
  - /etc/nats/nats.conf
  {{- range list "tls.crt" "tls.key" "ca.crt" }}
  - -config
  - /etc/tandem/tls/{{ . }}
  {{- end }}
securityContext:
  {{- include "tandem.containerSecurity" $ | nindent 2 }}
resources:
  {{- toYaml .resources | nindent 2 }}
volumeMounts:
  - name: config
    mountPath: /etc/nats
    readOnly: true
  - name: tmp
    mountPath: /tmp
    readOnly: true
  - name: tls
    mountPath: /etc/tandem/tls
    readOnly: true
{{- end -}}
{{- end -}}

{{- define "tandem.natsAffinity" -}}
{{- if gt (int .root.Values.nats.replicas) 1 -}}
affinity:
  podAntiAffinity:
    {{- if eq .root.Values.nats.antiAffinity "required" }}
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "tandem.componentSelector" . | nindent 12 }}
    {{- else }}
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "tandem.componentSelector" . | nindent 14 }}
    {{- end }}
{{- end }}
{{- with .root.Values.topologySpread.zone }}
topologySpreadConstraints:
  - topologyKey: topology.kubernetes.io/zone
    maxSkew: 1
    whenUnsatisfiable: {{ . }}
    labelSelector:
      matchLabels:
        {{- include "tandem.componentSelector" $ | nindent 8 }}
{{- end }}
{{- end -}}
