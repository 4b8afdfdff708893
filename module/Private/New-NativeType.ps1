function New-NativeType {
    <#
    .SYNOPSIS
    Emits a class: the exports that it uses as static methods, Take, which carries text out of the library, and for an output class its
    properties and Derive, which does all that a derivation costs per object. $Call: see Get-NativeType.
    .DESCRIPTION
    Derive(fields...) gives an instance, or, when there is something to say, the text `status U+001F answer`, for Show-NativeTrouble.
    From(answer) makes an instance. The answer is kept as it came: a property finds its field when it is read.

    The code is in native.psd1. The build makes rows of its methods: name, property, attributes, result, parameters, locals, body; a body is
    `opcode operand|opcode operand|...`, where the operand is a name in $known, a distance to jump, or empty.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes a type in memory.')]
    param($Name, $Path, $Call)

    # Of an output class its export, the methods of all, and its own.
    $export, $shared, $own = $NativeClasses[$Name]

    $how = [System.Reflection.BindingFlags]::InvokeMethod
    $create = [System.Reflection.BindingFlags]::CreateInstance
    $static = $Call.Invoke([enum], ('ToObject', $how, $null, $null, ([System.Reflection.MethodAttributes], 0x16))) # Public, Static
    $assembly = $Call.Invoke([System.Reflection.Emit.AssemblyBuilder], ('DefineDynamicAssembly', $how, $null, $null,
            ($Call.Invoke([System.Reflection.AssemblyName], ('', $create, $null, $null, @($Name))), [System.Reflection.Emit.AssemblyBuilderAccess]::Run)))
    $module = $Call.Invoke([System.Reflection.Emit.AssemblyBuilder], ('DefineDynamicModule', $how, $null, $assembly, @($Name)))
    $type = $Call.Invoke([System.Reflection.Emit.ModuleBuilder], ('DefineType', $how, $null, $module, ($Name, [System.Reflection.TypeAttributes]::Public)))

    $none = [type[]]@()
    $known = $NativeJumps + @{
        Static                             = $static
        Instance                           = [System.Reflection.MethodAttributes]::Public
        separator                          = $Call.Invoke([char], ('ConvertFromUtf32', $how, $null, $null, @(0x1F)))
        nothing                            = ''
        Int32                              = [int]
        String                             = [string]
        Object                             = [object]
        'Byte[]'                           = [byte[]]
        IntPtr                             = [IntPtr]
        UIntPtr                            = [UIntPtr]
        PSObject                           = [psobject]
        IFormattable                       = [IFormattable]
        IList                              = [System.Collections.IList]
        ICollection                        = [System.Collections.ICollection]
        '()'                               = $none
        '(Int32)'                          = [type[]]@([int])
        '(String)'                         = [type[]]@([string])
        '(Object)'                         = [type[]]@([object])
        '(IntPtr, UIntPtr)'                = [type[]]([IntPtr], [UIntPtr])
        '(Object, Object)'                 = [type[]]([object], [object])
        '(Object, Object, Object, Object)' = [type[]]([object], [object], [object], [object])
        constructor                        = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefineDefaultConstructor', $how, $null, $type,
                @([System.Reflection.MethodAttributes]::Public)))
        answer                             = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefineField', $how, $null, $type,
                ('answer', [string], [System.Reflection.FieldAttributes]::Private)))
    }
    foreach ($row in (
            ('toString', [object], 'ToString', $none),
            ('baseObject', [psobject], 'get_BaseObject', $none),
            ('hex', [BitConverter], 'ToString', [type[]]@([byte[]])),
            ('count', [System.Collections.ICollection], 'get_Count', $none),
            ('item', [System.Collections.IList], 'get_Item', [type[]]@([int])),
            ('concat', [string], 'Concat', [type[]]([string], [string], [string])),
            ('concatObjects', [string], 'Concat', [type[]]([object], [object], [object])),
            ('endsWith', [string], 'EndsWith', [type[]]([string], [StringComparison])),
            ('toCharArray', [string], 'ToCharArray', $none),
            ('split', [string], 'Split', [type[]]@([char[]])),
            ('utf8', [System.Text.Encoding], 'get_UTF8', $none),
            ('getBytes', [System.Text.Encoding], 'GetBytes', [type[]]@([string])),
            ('getString', [System.Text.Encoding], 'GetString', [type[]]($Call.Invoke([type], ('MakePointerType', $how, $null, [byte], $null)), [int]))
        )) {
        $alias, $owner, $member, $parameters = $row
        $null = $Call.Invoke([hashtable], ('Add', $how, $null, $known, ($alias, $Call.Invoke([type], ('GetMethod', $how, $null, $owner, ($member, $parameters))))))
    }

    if ($export) {
        $exports = @(
            ('coexist_abi_version', [uint32], 'coexist_abi_version', $none),
            ('free', [void], 'coexist_bytes_free', [type[]]([IntPtr], [UIntPtr])),
            # The pointers are of locals: plain numbers, which need no marshalling.
            ('derivation', [int], $export, [type[]]([byte[]], [UIntPtr], [IntPtr], [IntPtr]))
        )
    }
    else { $exports = Get-NativeExport ([IntPtr].MakeByRefType()) ([UIntPtr].MakeByRefType()) }
    foreach ($row in $exports) {
        $alias, $owner, $member, $parameters = $row
        $method = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefinePInvokeMethod', $how, $null, $type, ($member, $Path, $static,
                    [System.Reflection.CallingConventions]::Standard, $owner, $parameters, [System.Runtime.InteropServices.CallingConvention]::Cdecl,
                    [System.Runtime.InteropServices.CharSet]::Ansi)))
        # Without PreserveSig the runtime takes a status for an HRESULT.
        $null = $Call.Invoke([System.Reflection.Emit.MethodBuilder], ('SetImplementationFlags', $how, $null, $method, @([System.Reflection.MethodImplAttributes]::PreserveSig)))
        $null = $Call.Invoke([hashtable], ('Add', $how, $null, $known, ($alias, $method)))
    }

    $field = [System.Reflection.BindingFlags]::GetField
    foreach ($methods in $shared, $own) {
        foreach ($row in $methods) {
            $alias, $property, $attributes, $result, $parameters, $locals, $body = $row
            $method = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefineMethod', $how, $null, $type, ($alias, $known[$attributes], $known[$result], $known[$parameters])))
            $null = $Call.Invoke([hashtable], ('Add', $how, $null, $known, ($alias, $method)))
            $il = $Call.Invoke([System.Reflection.Emit.MethodBuilder], ('GetILGenerator', $how, $null, $method, $null))
            foreach ($pair in $locals) {
                $alias, $owner = $pair
                $null = $Call.Invoke([hashtable], ('Add', $how, $null, $known, ($alias, $Call.Invoke([System.Reflection.Emit.ILGenerator], ('DeclareLocal', $how, $null, $il,
                            @($known[$owner]))))))
            }
            foreach ($line in $body.Split('|')) {
                $code, $operand = $line.Split(' ')
                $code = $Call.Invoke([System.Reflection.Emit.OpCodes], ($code, $field, $null, $null, $null))
                if ($operand) { $null = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('Emit', $how, $null, $il, ($code, $known[$operand]))) }
                else { $null = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('Emit', $how, $null, $il, @($code))) }
            }
            if ($property) {
                $builder = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefineProperty', $how, $null, $type,
                        ($property, [System.Reflection.PropertyAttributes]::None, [string], $none)))
                $null = $Call.Invoke([System.Reflection.Emit.PropertyBuilder], ('SetGetMethod', $how, $null, $builder, @($method)))
            }
        }
    }
    $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('CreateType', $how, $null, $type, $null))
}
