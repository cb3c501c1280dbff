extension Recipe {
    /// What a search begins with where no manifests are given: the lab's recipe, or this project's autoscaled overlay.
    package init(standardFor platform: Platform) throws(RecipeError) {
        try self.init(manifests: platform == .lab ? Self.lab : Self.autoscaled, name: "the built-in manifests")
    }

    /// The shape of the lab's deployment_hpa.yaml.
    private static let lab = """
        kind: Deployment
        metadata: {name: ml-kube-app}
        spec:
          template:
            spec:
              containers:
                - name: ml-app
                  readinessProbe:
                    httpGet: {path: /test, port: 5000}
                    periodSeconds: 5
                    timeoutSeconds: 1
                    successThreshold: 3
                    initialDelaySeconds: 5
                  resources: {limits: {cpu: "2", memory: 4Gi}, requests: {cpu: "1", memory: 2Gi}}
        ---
        apiVersion: autoscaling/v1
        kind: HorizontalPodAutoscaler
        metadata: {name: ml-app-hpa}
        spec:
          scaleTargetRef: {kind: Deployment, name: ml-kube-app}
          minReplicas: 1
          maxReplicas: 5
          targetCPUUtilizationPercentage: 40
        """

    /// `.k8s/overlays/dev-autoscaled`.
    private static let autoscaled = """
        kind: Deployment
        metadata: {name: bungalow}
        spec:
          template:
            spec:
              containers:
                - name: bungalow
                  env: [{name: SYNTHETIC_BUSY_MS, value: "6"}, {name: DRAIN_DELAY_SECONDS, value: "5"}]
                  lifecycle: {preStop: {sleep: {seconds: 5}}}
                  startupProbe: {httpGet: {path: /startupz}, periodSeconds: 1}
                  readinessProbe: {httpGet: {path: /readyz}, periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 2}
                  resources: {limits: {cpu: 500m, memory: 320Mi}, requests: {cpu: 200m, memory: 320Mi}}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: bungalow}
        spec:
          scaleTargetRef: {kind: Deployment, name: bungalow}
          minReplicas: 1
          maxReplicas: 5
          metrics:
            - type: ContainerResource
              containerResource: {name: cpu, container: bungalow, target: {type: Utilization, averageUtilization: 40}}
          behavior:
            scaleUp:
              stabilizationWindowSeconds: 0
              policies: [{type: Percent, value: 100, periodSeconds: 15}, {type: Pods, value: 4, periodSeconds: 15}]
            scaleDown:
              stabilizationWindowSeconds: 300
              policies: [{type: Percent, value: 50, periodSeconds: 60}]
        """
}
