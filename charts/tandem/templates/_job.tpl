{{/* Pods that run once: the migration, a backup, helm test. They have the image of the services, and of the secrets what they need. */}}

{{/* dict root name args env resources, and mounts and volumes where there are any. */}}
{{- define "tandem.onePod" -}}
metadata:
  labels:
    {{- include "tandem.componentSelector" . | nindent 4 }}
    {{- with .root.Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .root.Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "tandem.podIdentity" . | nindent 2 }}
  restartPolicy: Never
  {{- with .root.Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .root.Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .name }}
      image: {{ include "tandem.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args:
        {{- toYaml .args | nindent 8 }}
      env:
        {{- .env | trim | nindent 8 }}
        {{- include "tandem.goEnv" .resources | trim | nindent 8 }}
        {{- with .root.Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      securityContext:
        {{- include "tandem.containerSecurity" . | nindent 8 }}
      resources:
        {{- toYaml .resources | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /var/lib/tandem
        - name: tmp
          mountPath: /tmp
        {{- with .mounts }}
        {{- . | trim | nindent 8 }}
        {{- end }}
  volumes:
    - name: data
      emptyDir:
        sizeLimit: 1Gi
    - name: tmp
      emptyDir:
        sizeLimit: 1Gi
    {{- with .volumes }}
    {{- . | trim | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* The database's owner, for the few who change its tables or read all of it. */}}
{{- define "tandem.ownerEnv" -}}
- name: TANDEM_DB
  valueFrom:
    secretKeyRef:
      name: {{ include "tandem.ownerSecret" . }}
      key: {{ .Values.database.ownerKey }}
- name: TANDEM_DATA
  value: /var/lib/tandem
- name: TANDEM_LOG_LEVEL
  value: {{ .Values.log.level }}
{{- end -}}
